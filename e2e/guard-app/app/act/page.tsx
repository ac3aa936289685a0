"use client";

import { useState } from "react";
import { act } from "./actions";

export default function ActPage() {
	const [answer, setAnswer] = useState("");
	const run = async (word: string) => setAnswer(JSON.stringify(await act({ word })));
	return (
		<>
			<button type="button" onClick={() => run("hello")}>
				Act
			</button>
			<button type="button" onClick={() => run("x")}>
				Act badly
			</button>
			<output>{answer}</output>
		</>
	);
}
