/** A labelled share, 0 to 1. */
interface SliderProps {
  readonly label: string;
  readonly value: number;
  change(value: number): void;
}

export function Slider({ label, value, change }: SliderProps) {
  return (
    <label class="labelled">
      <span>{label}</span>
      <input
        type="range"
        class="range"
        min="0"
        max="100"
        value={Math.round(value * 100)}
        onInput={(event) => change(Number(event.currentTarget.value) / 100)}
      />
    </label>
  );
}
