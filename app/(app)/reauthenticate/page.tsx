import Link from "next/link";
import { auth } from "@/auth";
import { readMessages } from "../../preferences/preferences";
import { displayName } from "../../ui/account-menu";
import { button } from "../../ui/button";
import { Notice } from "../../ui/notice";
import { Entrance } from "../entrance";
import { nextOf } from "../next-place";
import { pageTitle } from "../page-title";
import { ReauthenticateForms } from "./reauthenticate-forms";

export const instant = false;

export const generateMetadata = () => pageTitle((m) => m.reauthenticate.title);

export default async function ReauthenticatePage({ searchParams }: PageProps<"/reauthenticate">) {
	const { user, amr } = await auth.protect();
	const { next, why, with: chosen } = await searchParams;
	const { totp, passkeyCount, recoveryCodes, password } = await auth.factors();
	const { m } = await readMessages();
	const words = m.security.confirm;
	const raises = why === "level";
	// What would not show anything new is not offered where something new is asked for.
	const factors = [
		...(password && !(raises && amr.includes("pwd")) ? (["password"] as const) : []),
		...(totp !== null ? (["totp"] as const) : []),
		...(recoveryCodes > 0 ? (["recovery_code"] as const) : []),
	];
	const nothing = factors.length === 0 && passkeyCount === 0;
	return (
		<Entrance
			title={m.reauthenticate.title}
			lead={raises ? words.level : password ? m.reauthenticate.lead : undefined}
			notice={nothing && <Notice>{words.missing}</Notice>}
		>
			{nothing ? (
				<Link className={button("primary")} href="/account/security">
					{words.setUp}
				</Link>
			) : (
				<ReauthenticateForms
					state={await auth.formState()}
					factors={factors}
					hasPasskey={passkeyCount > 0}
					chosen={typeof chosen === "string" ? chosen : ""}
					why={raises ? "level" : ""}
					next={nextOf(next)}
					identifier={user.email ?? user.username ?? displayName(user)}
					words={m.reauthenticate}
					more={words}
					codes={m.security.secondStep}
				/>
			)}
		</Entrance>
	);
}
