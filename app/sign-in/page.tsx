import type { Metadata } from "next";
import Link from "next/link";
import { auth } from "@/auth";
import { SignInForm } from "./sign-in-form";

export const metadata: Metadata = { title: "Sign in" };
export const instant = false;

export default async function SignInPage({ searchParams }: PageProps<"/sign-in">) {
	const { next } = await searchParams;
	return (
		<>
			<h1>Sign in</h1>
			<SignInForm state={await auth.formState()} next={typeof next === "string" ? next : ""} />
			<p>
				No account yet? <Link href="/sign-up">Sign up</Link>.
			</p>
		</>
	);
}
