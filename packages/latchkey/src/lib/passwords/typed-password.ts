import * as z from "zod";
import { maxTypedLength } from "./password-hasher.ts";

/** A password that somebody claims to have, so that a long wrong one is answered like a short one. */
export const typedPassword = z.string().min(1).max(maxTypedLength);
