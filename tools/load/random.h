// Random numbers that are the same on every machine for the same seed (SplitMix64): the standard
// library's distributions are not.
//
// Thread: any; `state` is the caller's.
#ifndef JACKFIELD_TOOLS_LOAD_RANDOM_H_
#define JACKFIELD_TOOLS_LOAD_RANDOM_H_

#include <cstdint>

namespace jackfield::load {

inline uint64_t NextOf(uint64_t& state) {
  uint64_t z = state += 0x9e3779b97f4a7c15u;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

// 0 <= x < 1
inline double UniformOf(uint64_t& state) {
  return static_cast<double>(NextOf(state) >> 11) * 0x1p-53;
}

// 0..n - 1. Requires: n > 0
inline uint64_t BelowOf(uint64_t& state, uint64_t n) {
  return static_cast<uint64_t>((static_cast<unsigned __int128>(NextOf(state)) * n) >> 64);
}

}  // namespace jackfield::load

#endif  // JACKFIELD_TOOLS_LOAD_RANDOM_H_
