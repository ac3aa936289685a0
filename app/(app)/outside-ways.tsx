import { auth } from "@/auth";
import { readMessages } from "../preferences/preferences";
import { OrLine } from "../ui/or-line";
import { ProviderButtons } from "../ui/provider-buttons";

/** The outside providers below a form, if any is offered. */
export async function OutsideWays({ next }: { next: string }) {
	const providers = await auth.providers();
	if (providers.length === 0) return null;
	const words = (await readMessages()).m.providers;
	return (
		<>
			<OrLine words={words} />
			<ProviderButtons providers={providers} action="/api/auth/oauth/{provider}" next={next} words={words} />
		</>
	);
}
