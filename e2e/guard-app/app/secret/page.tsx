import { Suspense } from "react";
import { auth } from "@/auth";
import { countCall } from "@/calls";

export default function SecretPage() {
	return (
		<Suspense fallback={<p>Loading</p>}>
			<Secret />
		</Suspense>
	);
}

async function Secret() {
	const { user } = await auth.protect();
	countCall("page");
	return <p>the-secret-of {user.email}</p>;
}
