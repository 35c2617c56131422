#pragma once

namespace regesta::delivery {

/// Does the traffic split as the rollout asked for? The sequential multinomial test of Lindon and Malek, "Anytime-valid
/// inference for multinomial count data", NeurIPS 2022, arXiv 2011.03567, for two arms: the Bayes factor of a Beta
/// prior centred at the asked share against that share. It is a martingale from 1 while the split is right, so it
/// reaches 1/alpha with a chance of at most alpha; it stays one when the share changes on the way.
struct RatioTest {
  static constexpr double concentration = 100;  ///< weight of the prior, in observations
  double share = -1;                            ///< of the candidate, as asked for now; below 0: nothing seen yet
  double candidates = 0, others = 0;            ///< seen since the share is this
  double log = 0, highest = 0;                  ///< of the Bayes factor

  void see(bool candidate, double askedShare);
  double p() const;
};

}  // namespace regesta::delivery
