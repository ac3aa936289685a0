import type { ReactNode } from "react";

function Icon({ children, className = "size-5" }: { children: ReactNode; className?: string | undefined }) {
	return (
		<svg
			viewBox="0 0 24 24"
			fill="none"
			stroke="currentColor"
			strokeWidth="1.75"
			strokeLinecap="round"
			strokeLinejoin="round"
			aria-hidden="true"
			className={`shrink-0 ${className}`}
		>
			{children}
		</svg>
	);
}

interface IconProps {
	className?: string;
}

export function KeyholeIcon({ className }: IconProps) {
	return (
		<Icon className={className}>
			<rect x="4" y="2.75" width="16" height="18.5" rx="4" />
			<circle cx="12" cy="10" r="2.25" fill="currentColor" />
			<path d="M12 12v4" strokeWidth="2.5" />
		</Icon>
	);
}

export function ArrowIcon({ className }: IconProps) {
	return (
		<Icon className={`mirrored ${className ?? "size-4"}`}>
			<path d="M5 12h14m-5-5 5 5-5 5" />
		</Icon>
	);
}

export function ChevronIcon({ className }: IconProps) {
	return (
		<Icon className={className}>
			<path d="m7 10 5 5 5-5" />
		</Icon>
	);
}

export function AlertIcon({ className }: IconProps) {
	return (
		<Icon className={className}>
			<circle cx="12" cy="12" r="9" />
			<path d="M12 7.5v5.5m0 3.2v.1" />
		</Icon>
	);
}

export function CheckIcon({ className }: IconProps) {
	return (
		<Icon className={className}>
			<circle cx="12" cy="12" r="9" />
			<path d="m8 12.5 2.75 2.75L16 9.5" />
		</Icon>
	);
}

export function InfoIcon({ className }: IconProps) {
	return (
		<Icon className={className}>
			<circle cx="12" cy="12" r="9" />
			<path d="M12 11v5.5m0-8.8v.1" />
		</Icon>
	);
}

export function ComputerIcon({ className }: IconProps) {
	return (
		<Icon className={className}>
			<rect x="3" y="4.5" width="18" height="12" rx="2" />
			<path d="M8.5 20h7M12 16.5V20" />
		</Icon>
	);
}

export function PhoneIcon({ className }: IconProps) {
	return (
		<Icon className={className}>
			<rect x="7" y="2.75" width="10" height="18.5" rx="2.5" />
			<path d="M11 18h2" />
		</Icon>
	);
}

export function TerminalIcon({ className }: IconProps) {
	return (
		<Icon className={className}>
			<rect x="3" y="4.5" width="18" height="15" rx="2" />
			<path d="m7 9.5 3 2.5-3 2.5m5.5.5h4" />
		</Icon>
	);
}
