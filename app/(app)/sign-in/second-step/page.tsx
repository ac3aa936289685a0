import { auth } from "@/auth";
import { plural } from "@/messages/format";
import { readMessages } from "../../../preferences/preferences";
import { TotpSetUp } from "../../account/security/app/totp-set-up";
import { Entrance } from "../../entrance";
import { nextOf } from "../../next-place";
import { pageTitle } from "../../page-title";
import { SecondStep } from "./second-step";

export const instant = false;

export const generateMetadata = () => pageTitle((m) => m.security.secondStep.title);

export default async function SecondStepPage({ searchParams }: PageProps<"/sign-in/second-step">) {
	const { next, with: chosen } = await searchParams;
	const state = await auth.formState();
	const attempt = await auth.pendingSignIn();
	const { language, m } = await readMessages();
	const words = m.security;
	const trustDays = attempt?.trustDays ?? null;
	const enrolment = attempt?.enrolments.includes("totp") ? await auth.totpEnrolment(state) : null;
	return (
		<Entrance title={words.secondStep.title} lead={leadFor(attempt, words.secondStep)}>
			<SecondStep
				state={state}
				attempt={attempt}
				enrolment={enrolment?.enrolment ?? ""}
				chosen={typeof chosen === "string" ? chosen : ""}
				next={nextOf(next)}
				words={words}
				trust={{
					label: trustDays === null ? null : plural(language, m.trustedDevices.trust, trustDays),
					hint: m.trustedDevices.trustHint,
				}}
			>
				{enrolment !== null && <TotpSetUp enrolment={enrolment} words={words.app} />}
			</SecondStep>
		</Entrance>
	);
}

type Words = Awaited<ReturnType<typeof readMessages>>["m"]["security"]["secondStep"];

function leadFor(attempt: Awaited<ReturnType<typeof auth.pendingSignIn>>, words: Words): string | undefined {
	if (attempt === null) return undefined;
	if (attempt.deviceBound) return attempt.enrolments.length === 0 ? words.boundLead : words.onlyBound;
	if (attempt.enrolments.length === 0) return words.lead;
	return attempt.enrolments.includes("totp") ? words.enrolLead : words.onlyPasskey;
}
