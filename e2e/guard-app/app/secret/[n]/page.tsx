import { Suspense } from "react";
import { auth } from "@/auth";

export default function SecretPage({ params }: { params: Promise<{ n: string }> }) {
	return (
		<Suspense fallback={<p>Loading</p>}>
			<Secret params={params} />
		</Suspense>
	);
}

async function Secret({ params }: { params: Promise<{ n: string }> }) {
	const { user } = await auth.protect();
	// Asked twice on one page: the second answer is the first.
	const again = await auth();
	const { n } = await params;
	return (
		<p>
			the-secret-of {user.email} number {n} {again?.id === undefined ? "disagrees" : "agrees"}
		</p>
	);
}
