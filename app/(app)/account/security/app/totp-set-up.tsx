import type { TotpEnrolment } from "latchkey/next";
import type { Messages } from "@/messages/en";
import { QrCode } from "../../../../ui/qr-code";

/** The secret of an authenticator app about to be added: to scan, to type, or to open where the app is. */
export function TotpSetUp({ enrolment, words }: { enrolment: TotpEnrolment; words: Messages["security"]["app"] }) {
	return (
		<div className="space-y-4">
			<p>{words.scan}</p>
			<QrCode text={enrolment.uri} label={words.qr} />
			<p>{words.orType}</p>
			<p translate="no">
				<code dir="ltr" className="select-all break-all">
					{enrolment.secret.replaceAll(/.{4}(?!$)/g, "$& ")}
				</code>
			</p>
			<p>
				<a className="link" href={enrolment.uri}>
					{words.open}
				</a>
			</p>
		</div>
	);
}
