// Student's t distribution: p-values and critical values for any degrees of freedom.
#pragma once

namespace elastic::eval {

/// P(|T| >= |t|) for T of Student's t distribution with `df` > 0 degrees of freedom, which need not
/// be whole; infinity: the normal distribution. 0 for an infinite t.
double two_sided_p(double t, double df);

/// The t with two_sided_p(t, df) = `p`, 0 < p < 1.
double critical_t(double p, double df);

}  // namespace elastic::eval
