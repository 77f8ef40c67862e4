// A small session file: which recordings a band plays, bar by bar. It is read by `fohd stems`; docs/DEMO.md explains
// it.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "daemon/disk/audio_file.h"

namespace fohd {

/// One recording and how it is struck.
struct BandHit {
  std::string sample;      ///< file in the session's sample folder
  double gain_db = 0;      ///< against the other hits of its channel
  double semitones = 0;    ///< played faster or slower, as a tape would be
  double fit_beats = 0;    ///< played at the speed at which the whole recording lasts this many beats; 0: its own speed
  double start_beats = 0;  ///< where in the recording to begin, after its speed is set
  double beats = 0;        ///< cut to this length; 0: to its end
  double fade_ms = 8;      ///< length of the fade where it is cut
  double pan = 0;          ///< -100..100, stereo channels only; a balance for stereo recordings
};

struct BandChannel {
  std::string file;  ///< "01 kick": names the stem and its channel
  bool stereo = false;
  bool choke = false;      ///< a new hit ends the one before, like one string
  double peak_db = -6;     ///< the stem's highest peak: the level it was "recorded" at
  double humanize_ms = 0;  ///< each hit early or late by up to this
  double humanize_db = 0;  ///< and louder or softer
  std::map<char, BandHit> hits;
  std::map<std::string, std::string> play;  ///< section name -> pattern; a section without one is a rest
};

struct BandSection {
  std::string name;
  int bars = 1;
};

struct Band {
  double tempo_bpm = 120;
  int beats_per_bar = 4;
  double swing = 0.5;  ///< where the second sixteenth of an eighth falls: 0.5 straight, 0.667 triplets
  int rate_hz = 48000;
  std::filesystem::path samples;
  std::vector<BandSection> sections;
  std::vector<BandChannel> channels;

  double beat_frames() const noexcept { return 60.0 * rate_hz / tempo_bpm; }
  int bars() const noexcept {
    int sum = 0;
    for (const auto& section : sections) sum += section.bars;
    return sum;
  }
};

/// [control] Throws FileError with file, line and what is allowed.
Band load_band(const std::filesystem::path& file);

/// A pattern is bars with '|' between them; each bar is divided evenly among its characters, blanks do not count, '.'
/// is a rest: "x... o... | x.x. o..." are two bars of eight steps.
struct PatternHit {
  char hit = '.';
  int bar = 0;      ///< from 0
  double beat = 0;  ///< within the bar, from 0
};
/// [any] bars: how many the pattern has.
std::vector<PatternHit> parse_pattern(const std::string& pattern, int beats_per_bar, int& bars);

}  // namespace fohd
