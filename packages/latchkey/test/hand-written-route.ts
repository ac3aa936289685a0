import { type Auth, AuthError, errorCodes, type Refusal } from "../src/index.ts";

/** A session resource by hand: in a route file of your own, `export const { POST, GET, DELETE } = sessionRoute(auth)`. */
export function sessionRoute(auth: Auth) {
	return {
		async POST(request: Request): Promise<Response> {
			const { username, password } = (await request.json().catch(() => null)) ?? {};
			const result = await auth.signIn(request, { username, password });
			if (result.ok) return answer({ user: result.session.user }, result.setCookie);
			if (result.code === "second_factor_required") return answer({ attempt: result.attempt }, result.setCookie, 202);
			return refuse(result);
		},

		async GET(request: Request): Promise<Response> {
			const session = await auth.readSession(request);
			return answer({ user: session?.user ?? null });
		},

		async DELETE(request: Request): Promise<Response> {
			try {
				const { setCookie } = await auth.endSession(request);
				return answer({ user: null }, setCookie);
			} catch (error) {
				if (error instanceof AuthError) return refuse(error);
				throw error;
			}
		},
	};
}

function answer(body: object, setCookie?: string, status = 200): Response {
	return Response.json(body, {
		status,
		headers: { "cache-control": "no-store", ...(setCookie && { "set-cookie": setCookie }) },
	});
}

function refuse({
	code,
	retryAfterSeconds,
}: Pick<Refusal, "code"> & { retryAfterSeconds?: number | undefined }): Response {
	const { status, message } = errorCodes[code];
	const headers = { ...(retryAfterSeconds && { "retry-after": String(retryAfterSeconds) }) };
	return Response.json({ error: message, code }, { status, headers });
}
