import Link from "next/link";

export default function Home() {
	return (
		<nav>
			{Array.from({ length: 10 }, (_, n) => (
				<Link key={String(n)} href={`/secret/${n}`}>
					Secret {n}
				</Link>
			))}
			<Link href="/api/secret">The route</Link>
			<Link href="/act">Act</Link>
		</nav>
	);
}
