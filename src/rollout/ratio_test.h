#pragma once

namespace regesta::rollout {

/// Tests whether the traffic splits as the rollout's plan says. The sequential multinomial test of Lindon and Malek,
/// "Anytime-valid inference for multinomial count data", NeurIPS 2022, arXiv 2011.03567, for two arms: the Bayes factor
/// of a Beta prior centred at the planned share against that share. It is a martingale from 1 while the split is right,
/// so it reaches 1/alpha with a chance of at most alpha, also if the share changes meanwhile.
struct RatioTest {
  static constexpr double concentration = 100;  ///< weight of the prior, in observations
  double share = -1;                            ///< planned share of the candidate; below 0: no observation yet
  double candidates = 0, others = 0;            ///< observations since the share was set
  double log = 0, highest = 0;                  ///< of the Bayes factor

  void see(bool candidate, double askedShare);
  double p() const;
};

}  // namespace regesta::rollout
