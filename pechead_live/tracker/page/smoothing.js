// Believe and smooth: what a frame's coefficients pass before they move anything
// (`smoothing_step` in pechead_live/steps.py).

import { filterCoefficients } from "./one_euro.js";
import { initialOutlierState, rejectOutlier } from "./outlier.js";

/** The state before the first frame. */
export function initialSmoothingState() {
  return { outliers: initialOutlierState(), filter: null };
}

/** `[coefficients, state]`; the first is null where they are not to be believed. */
export function smooth(coefficients, state) {
  const [believed, outliers] = rejectOutlier(coefficients, state.outliers);
  if (!believed) return [null, { ...state, outliers }];
  const [smoothed, filter] = filterCoefficients(believed, state.filter);
  return [smoothed, { outliers, filter }];
}
