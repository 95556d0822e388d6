// How far apart results may be that tests call the same: relative to the largest entry, unless a
// test says otherwise. A test with a reason for another bound states it in place.
#pragma once

namespace elastic::tolerance {

// --- float64 -----------------------------------------------------------------------------------
/// A short computation against its value by hand.
inline constexpr double kByHand = 1e-13;
/// The same long sum in two orders.
inline constexpr double kSum = 1e-12;
/// A fused form against the composed one, or against plain loops.
inline constexpr double kEqual = 1e-11;
/// The same through products of products, or sums over thousands of tokens or items.
inline constexpr double kEqualDeep = 1e-10;
/// Gradients of a whole layer in two forms.
inline constexpr double kEqualLayer = 1e-9;

// --- float32 against float64 on the same numbers -------------------------------------------------
/// One op with short sums.
inline constexpr double kFloat32 = 2e-5;
/// Exponentials, several products in a row, or a whole model.
inline constexpr double kFloat32Deep = 1e-4;
/// The same model by two paths, both in float32.
inline constexpr double kEqualFloat32 = 1e-5;

// --- the same where factors of products are rounded ----------------------------------------------
/// To 10 bits (TF32) and to 7 bits (bfloat16): takes the place of the three above.
inline constexpr double kTf32 = 5e-3;
inline constexpr double kBf16 = 4e-2;

}  // namespace elastic::tolerance
