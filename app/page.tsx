import Link from "next/link";
import { auth } from "@/auth";

// Rendered whole for each request: what streams into a Suspense boundary stays hidden without JavaScript.
export const instant = false;

export default async function HomePage() {
	const session = await auth();
	if (session === null) {
		return (
			<>
				<h1>Nobody is signed in</h1>
				<p>
					<Link href="/sign-in">Sign in</Link> or <Link href="/sign-up">sign up</Link>.
				</p>
			</>
		);
	}
	const { user } = session;
	return (
		<>
			<h1>Signed in as {user.name ?? user.username ?? user.email}</h1>
			<form method="post" action="/api/auth/sign-out">
				<button type="submit">Sign out</button>
			</form>
		</>
	);
}
