import * as z from "zod/mini";
import { maxTypedLength } from "./password-hasher.ts";

/** A password that somebody claims to have, so that a long wrong one is answered like a short one. */
export const typedPassword = z.string().check(z.minLength(1), z.maxLength(maxTypedLength));
