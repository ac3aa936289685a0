interface TrustChoiceProps {
	/** What is offered; `null` where devices cannot be trusted. */
	label: string | null;
	hint: string;
	checked?: boolean;
}

/** Whether not to be asked for the second step on this device again. Off, until somebody chooses it. */
export function TrustChoice({ label, hint, checked = false }: TrustChoiceProps) {
	if (label === null) return null;
	return (
		<label className="flex items-start gap-3">
			<input
				type="checkbox"
				name="trust_device"
				value="true"
				defaultChecked={checked}
				className="mt-0.5 size-6 shrink-0 accent-accent"
			/>
			<span>
				<span className="block">{label}</span>
				<span className="block text-sm text-muted">{hint}</span>
			</span>
		</label>
	);
}
