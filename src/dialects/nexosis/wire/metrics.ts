/** The metrics that results carry, and what each says. */
export const metrics = [
  [
    'meanAbsoluteError',
    'Mean absolute error',
    'How far predictions are off on average, in the unit of the target.',
  ],
  ['meanAbsolutePercentError', 'Mean absolute percent error', 'The same as a fraction of the true values.'],
  [
    'meanAbsoluteScaledError',
    'Mean absolute scaled error',
    'The mean absolute error divided by that of repeating the last value; below 1 is better than that.',
  ],
  [
    'rootMeanSquareError',
    'Root mean square error',
    'As the mean absolute error, with large errors weighing more.',
  ],
  ['rSquared', 'R squared', 'The share of the variation of the target that is explained; 1 is all of it.'],
  [
    'pValue',
    'p value',
    'How likely such a difference is without any effect; small is strong evidence of one.',
  ],
  [
    'absoluteEffect',
    'Absolute effect',
    'Sum of what was observed minus what was expected without the event.',
  ],
  ['relativeEffect', 'Relative effect', 'The absolute effect as a fraction of what was expected.'],
  [
    'macroAverageF1Score',
    'Macro average F1 score',
    'Harmonic mean of precision and recall, averaged over classes.',
  ],
  ['accuracy', 'Accuracy', 'Share of rows whose class was predicted rightly.'],
  [
    'macroAveragePrecision',
    'Macro average precision',
    'Share of predictions of a class that are right, averaged.',
  ],
  ['macroAverageRecall', 'Macro average recall', 'Share of rows of a class that were found, averaged.'],
  [
    'matthewsCorrelationCoefficient',
    'Matthews correlation coefficient',
    'Agreement of predicted and true classes from -1 to 1; 0 is chance.',
  ],
  [
    'rocAreaUnderCurve',
    'Area under the ROC curve',
    'How well two classes are told apart; 0.5 is chance, 1 perfect.',
  ],
  ['percentAnomalies', 'Percent anomalies', 'Share of rows that were found anomalous, as a fraction.'],
].map(([key, name, description]) => ({ key, name, description }));
