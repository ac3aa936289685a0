import Link from "next/link";
import { auth } from "@/auth";
import { plural } from "@/messages/format";
import { readMessages } from "../preferences/preferences";
import { Notice } from "../ui/notice";

/** Tells whoever came in by a recovery code how many are left, until they have made new ones. */
export async function RecoveryUsed() {
	const { amr } = await auth.protect();
	if (!amr.includes("recovery")) return null;
	const { recoveryCodes } = await auth.factors();
	if (recoveryCodes >= 10) return null;
	const { language, m } = await readMessages();
	const words = m.security.codes;
	return (
		<Notice>
			<p>{words.used}</p>
			<p>{plural(language, words.left, recoveryCodes)}</p>
			<p>
				<Link className="link" href="/account/security/recovery-codes">
					{words.make}
				</Link>
			</p>
		</Notice>
	);
}
