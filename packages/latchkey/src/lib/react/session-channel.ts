/** What tabs tell each other: whose session the sender sees. Nothing secret; every tab asks the server for itself. */
export interface SessionNews {
	readonly userId: string | null;
}

const name = "latchkey";

/** Tells the other tabs of this site. */
export function tellOtherTabs(news: SessionNews): void {
	const channel = new BroadcastChannel(name);
	channel.postMessage(news);
	channel.close();
}

/** Calls back for what other tabs tell, until the returned function is called. */
export function hearOtherTabs(heard: (news: SessionNews) => void): () => void {
	const channel = new BroadcastChannel(name);
	channel.onmessage = ({ data }: MessageEvent<SessionNews>) => heard(data);
	return () => channel.close();
}
