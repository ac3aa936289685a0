export default function Page() {
	return <h1>The page reauthenticate</h1>;
}
