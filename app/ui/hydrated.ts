import { useSyncExternalStore } from "react";

const never = () => () => {};

/** Whether the component runs in a browser: false on the server and in the first render there, which must be alike. */
export function useHydrated(): boolean {
	return useSyncExternalStore(
		never,
		() => true,
		() => false,
	);
}

function subscribeToConnection(changed: () => void): () => void {
	addEventListener("online", changed);
	addEventListener("offline", changed);
	return () => {
		removeEventListener("online", changed);
		removeEventListener("offline", changed);
	};
}

export function useOnline(): boolean {
	return useSyncExternalStore(
		subscribeToConnection,
		() => navigator.onLine,
		() => true,
	);
}
