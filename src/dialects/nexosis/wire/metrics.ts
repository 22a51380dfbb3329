/** The metrics of results, with their titles and meanings. */
export const metrics = [
  [
    'meanAbsoluteError',
    'Mean absolute error',
    'How far predictions are off on average, in the unit of the target.',
  ],
  [
    'meanAbsolutePercentError',
    'Mean absolute percent error',
    'The mean absolute error as a fraction of the true values.',
  ],
  [
    'meanAbsoluteScaledError',
    'Mean absolute scaled error',
    'The mean absolute error divided by the error of repeating the last value; below 1 is better than repeating it.',
  ],
  [
    'rootMeanSquareError',
    'Root mean square error',
    'Like the mean absolute error, but large errors weigh more.',
  ],
  ['rSquared', 'R squared', 'Share of the variation of the target that the model explains; 1 is all of it.'],
  [
    'pValue',
    'p value',
    'How likely such a difference would be without any effect; a small value is strong evidence of an effect.',
  ],
  [
    'absoluteEffect',
    'Absolute effect',
    'Sum of the observed values minus the values expected without the event.',
  ],
  ['relativeEffect', 'Relative effect', 'The absolute effect as a fraction of the expected values.'],
  [
    'macroAverageF1Score',
    'Macro average F1 score',
    'Harmonic mean of precision and recall, averaged over classes.',
  ],
  ['accuracy', 'Accuracy', 'Share of rows whose class was predicted correctly.'],
  [
    'macroAveragePrecision',
    'Macro average precision',
    'Share of correct predictions of a class, averaged over classes.',
  ],
  [
    'macroAverageRecall',
    'Macro average recall',
    'Share of rows of a class that were recognised, averaged over classes.',
  ],
  [
    'matthewsCorrelationCoefficient',
    'Matthews correlation coefficient',
    'Agreement of predicted and true classes from -1 to 1; 0 is chance.',
  ],
  [
    'rocAreaUnderCurve',
    'Area under the ROC curve',
    'How well two classes are separated; 0.5 is chance, 1 is perfect.',
  ],
  [
    'percentAnomalies',
    'Percent anomalies',
    'Share of rows that were classified as anomalous, as a fraction.',
  ],
].map(([key, name, description]) => ({ key, name, description }));
