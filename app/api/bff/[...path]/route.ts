import { auth } from "@/auth";

/**
 * The backend for the frontend: `fetch("/api/bff/contacts")` on a page of this site asks the example provider's API with
 * the visitor's own token, which stays here. Where that provider is not offered, nor is this.
 */
export const { GET, HEAD, POST, PUT, PATCH, DELETE } = auth.bff({
	upstreams: { contacts: { url: "/contacts", token: { provider: "example" }, methods: ["GET", "HEAD"] } },
});
