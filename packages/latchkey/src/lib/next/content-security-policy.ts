import { randomBytes } from "node:crypto";
import { type NextRequest, NextResponse } from "next/server.js";

/**
 * Lets the request on with a Content-Security-Policy (CSP Level 3) that runs no script without this response's nonce.
 * Next.js finds the nonce in the request's header and puts it on every script of a page that it renders per request.
 */
export function withNonce(request: NextRequest): NextResponse {
	const policy = contentSecurityPolicy(randomBytes(16).toString("base64"));
	const headers = new Headers(request.headers);
	headers.set("content-security-policy", policy);
	const response = NextResponse.next({ request: { headers } });
	response.headers.set("content-security-policy", policy);
	return response;
}

function contentSecurityPolicy(nonce: string): string {
	// React in development evaluates text to show where an error came from. A build has "production" written in here.
	const inDevelopment = process.env.NODE_ENV === "development" ? " 'unsafe-eval'" : "";
	return [
		"default-src 'self'",
		`script-src 'self' 'nonce-${nonce}' 'strict-dynamic'${inDevelopment}`,
		// React writes style attributes; a style cannot read a password.
		"style-src 'self' 'unsafe-inline'",
		"img-src 'self' data: blob:",
		"font-src 'self'",
		"object-src 'none'",
		"base-uri 'none'",
		"form-action 'self'",
		"frame-ancestors 'none'",
	].join("; ");
}
