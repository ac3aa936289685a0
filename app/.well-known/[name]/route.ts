import { auth } from "@/auth";

/** Where password managers find the pages for passwords and passkeys, and browsers the sites that share passkeys. */
export const GET = auth.wellKnown;
