import type { Metadata } from "next";
import { auth } from "@/auth";
import { fill } from "@/messages/format";
import { readMessages } from "../preferences/preferences";

type Words = Awaited<ReturnType<typeof readMessages>>["m"];

/** For `generateMetadata`: the page's title, which says so when its form was refused. */
export async function pageTitle(choose: (m: Words) => string): Promise<Metadata> {
	const { m } = await readMessages();
	const { code } = await auth.formState();
	const title = choose(m);
	return { title: code === undefined ? title : fill(m.forms.errorPrefix, { title }) };
}
