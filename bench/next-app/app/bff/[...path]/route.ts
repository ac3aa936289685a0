import { auth } from "@/auth";

const url = process.env.BENCH_UPSTREAM ?? "http://127.0.0.1:9";

export const { GET, POST } = auth.bff({ path: "/bff", upstreams: { bench: { url, token: { audience: "bench" } } } });
