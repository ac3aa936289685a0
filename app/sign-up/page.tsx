import type { Metadata } from "next";
import Link from "next/link";
import { auth } from "@/auth";
import { SignUpForm } from "./sign-up-form";

export const metadata: Metadata = { title: "Sign up" };
export const instant = false;

export default async function SignUpPage({ searchParams }: PageProps<"/sign-up">) {
	const { next } = await searchParams;
	return (
		<>
			<h1>Sign up</h1>
			<SignUpForm state={await auth.formState()} next={typeof next === "string" ? next : ""} />
			<p>
				Have an account? <Link href="/sign-in">Sign in</Link>.
			</p>
		</>
	);
}
