import { Suspense } from "react";
import { auth } from "@/auth";

export default function RecentPage() {
	return (
		<Suspense fallback={<p>Loading</p>}>
			<Recent />
		</Suspense>
	);
}

async function Recent() {
	await auth.protect({ maxAgeSeconds: 300 });
	return <p>the-recent-secret</p>;
}
