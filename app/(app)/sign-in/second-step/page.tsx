import Link from "next/link";
import { auth } from "@/auth";
import { readMessages } from "../../../preferences/preferences";
import { Notice } from "../../../ui/notice";
import { TotpSetUp } from "../../account/security/app/totp-set-up";
import { Entrance } from "../../entrance";
import { nextOf } from "../../next-place";
import { pageTitle } from "../../page-title";
import { EnrolmentForms } from "./enrolment-forms";
import { SecondStepForms } from "./second-step-forms";

export const instant = false;

export const generateMetadata = () => pageTitle((m) => m.security.secondStep.title);

export default async function SecondStepPage({ searchParams }: PageProps<"/sign-in/second-step">) {
	const { next, with: chosen } = await searchParams;
	const state = await auth.formState();
	const attempt = await auth.pendingSignIn();
	const { m } = await readMessages();
	const words = m.security;
	const place = nextOf(next);
	// New recovery codes are the answer to the form that finished the sign-in.
	if (attempt === null && state.recoveryCodes === undefined) {
		return (
			<Entrance title={words.secondStep.title} lead="">
				<Notice>
					<p>{words.secondStep.expired}</p>
					<p>
						<Link className="link" href="/sign-in">
							{words.secondStep.signIn}
						</Link>
					</p>
				</Notice>
			</Entrance>
		);
	}
	if (attempt === null || attempt.enrolments.length > 0) {
		const enrolments = attempt?.enrolments ?? [];
		const lead =
			enrolments.includes("totp") || attempt === null ? words.secondStep.enrolLead : words.secondStep.onlyPasskey;
		const enrolment = enrolments.includes("totp") ? await auth.totpEnrolment(state) : null;
		return (
			<Entrance title={words.secondStep.title} lead={lead}>
				<EnrolmentForms
					state={state}
					enrolments={enrolments}
					enrolment={enrolment?.enrolment ?? ""}
					next={place}
					words={words}
				>
					{enrolment !== null && <TotpSetUp enrolment={enrolment} words={words.app} />}
				</EnrolmentForms>
			</Entrance>
		);
	}
	return (
		<Entrance title={words.secondStep.title} lead={words.secondStep.lead}>
			<SecondStepForms
				state={state}
				factors={attempt.factors}
				chosen={typeof chosen === "string" ? chosen : ""}
				next={place}
				words={words.secondStep}
				passkeyWords={words.passkeySignIn}
			/>
		</Entrance>
	);
}
