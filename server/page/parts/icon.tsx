// The drawings. All are decoration: what they mean is said in words beside them.
import type { JSX } from "preact";

const paths = {
  settings: "M4 7h9m5 0h2M4 17h2m5 0h9M15.500 7a2 2 0 1 0 4 0 2 2 0 0 0-4 0ZM6.500 17a2 2 0 1 0 4 0 2 2 0 0 0-4 0Z",
  plus: "M12 5v14M5 12h14",
  search: "m20 20-4.200-4.200M11 18a7 7 0 1 0 0-14 7 7 0 0 0 0 14Z",
  more: "M12 5.500v.01M12 12v.01M12 18.500v.01",
  copy: "M9 9h9.500v10.500H9zM5.500 15H5V4.500h9.500V5",
  check: "m5 12.500 4.500 4.500L19 7.500",
  download: "M12 4v11m-4.500-4L12 15.500 16.500 11M5 19.500h14",
  close: "m6 6 12 12M18 6 6 18",
  warning: "M12 9.500v4m0 3v.01M10.700 4.600 2.900 18a1.500 1.500 0 0 0 1.300 2.250h15.600A1.500 1.500 0 0 0 21.100 18L13.300 4.600a1.500 1.500 0 0 0-2.600 0Z",
  clock: "M12 7.500V12l3 2m5.500-2a8.500 8.500 0 1 1-17 0 8.500 8.500 0 0 1 17 0Z",
  leave: "M14 4.500h4.500v15H14M3.500 12h11m-4-4 4 4-4 4",
  sun: "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8Zm0-5v1.500m0 15V21m9-9h-1.500m-15 0H3m15.360-6.360-1.060 1.060M6.700 17.300l-1.060 1.060m12.720 0-1.060-1.060M6.700 6.700 5.640 5.640",
  moon: "M20 14.500A8.500 8.500 0 0 1 9.500 4a8.500 8.500 0 1 0 10.500 10.500Z",
  up: "m7 14 5-5 5 5",
  down: "m7 10 5 5 5-5",
  key: "M14.500 13.500a5 5 0 1 0-4-4L4 16v4h4v-2.500h2.500V15h2zM16 8v.01",
  tag: "M4 4.500h7.500l8.500 8.500-7 7-9-9zM8 8.500v.01",
  people: "M9.500 11a3.500 3.500 0 1 0 0-7 3.500 3.500 0 0 0 0 7Zm-6.500 9c0-3.500 2.900-6 6.500-6s6.500 2.500 6.500 6m0-15.700a3.500 3.500 0 0 1 0 6.400M18 14.500c1.900.9 3 2.900 3 5.500",
  scroll: "M6 4.500h12v15H6zM9 9h6m-6 3.500h6M9 16h3",
  terminal: "m5 8 4 4-4 4m7 .5h7",
} as const;

export type IconName = keyof typeof paths;

export function Icon({ name }: { name: IconName }): JSX.Element {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={paths[name]} />
    </svg>
  );
}

export function Mark(): JSX.Element {
  return (
    <svg class="mark" viewBox="0 0 32 32" aria-hidden="true" focusable="false">
      <path fill-rule="evenodd" d="M16 2a14 14 0 0 1 9.600 24.200l3 3-2.800 2.800-3.600-3.600A14 14 0 1 1 16 2Zm0 4.200a9.800 9.800 0 1 0 0 19.600 9.800 9.800 0 0 0 0-19.600Z" />
    </svg>
  );
}
