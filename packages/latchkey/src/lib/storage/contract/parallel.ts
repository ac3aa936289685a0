/** So many calls at once. */
export function parallel<T>(times: number, call: () => Promise<T>): Promise<T[]> {
	return Promise.all(Array.from({ length: times }, call));
}
