export default function HomePage() {
	return <p>The routes beside this page are what is measured.</p>;
}
