// The instruction set of the CPU kernels.
//
// A build for one machine (ELASTIC_NATIVE=ON) compiles the kernels of src/tensor/cpu once. A
// portable build on x86-64 compiles them for the levels v2 (SSE4.2), v3 (AVX2, FMA) and v4
// (AVX-512) into one binary and chooses at run time; everything else is compiled for v2. See
// cmake/cpu_levels.cmake.
#pragma once

#include <string>

namespace elastic {

/// Enters the CPU's kernels and device in their tables, once; later calls return immediately. Takes
/// the best level that the CPU supports, or the one that the environment variable ELASTIC_ISA
/// names: x86-64-v2, x86-64-v3 or x86-64-v4. Throws UsageError for another name, for a level that
/// the CPU lacks, and if a build for one machine is asked for a level.
void enter_cpu_kernels();

/// For --version: the level in use, or "native".
std::string cpu_level_name();

}  // namespace elastic
