"use client";

import "./globals.css";
import { en } from "@/messages/en";
import { Failure } from "./ui/failure";
import { FormWords } from "./ui/form-words";

/** For when even the frame around the pages cannot be drawn, and nothing is known of the visitor. */
export default function GlobalError({ error, retry }: { error: unknown; retry: () => void }) {
	return (
		<html lang="en">
			<body className="font-sans antialiased">
				<FormWords language="en" forms={en.forms} failure={en.failure}>
					<main>
						<Failure error={error} retry={retry} />
					</main>
				</FormWords>
			</body>
		</html>
	);
}
