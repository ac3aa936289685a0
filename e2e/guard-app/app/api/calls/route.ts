import { connection } from "next/server";
import { calls } from "@/calls";

export async function GET() {
	await connection();
	return Response.json(calls());
}
