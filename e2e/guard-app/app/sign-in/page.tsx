export default function Page() {
	return <h1>The page sign-in</h1>;
}
