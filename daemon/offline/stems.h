// Plays a session's recordings into one file per channel: the band that the demo's desk mixes.
#pragma once

#include <filesystem>

#include "daemon/offline/band.h"

namespace fohd {

struct StemsOptions {
  std::filesystem::path session_file;
  std::filesystem::path out;  ///< folder; made if missing (its parent must exist)
  bool force = false;         ///< render even if the stems there are newer than the session
};

/// [control] One channel as interleaved samples, as long as the whole session. Throws FileError.
AudioClip arrange_channel(const Band& band, const BandChannel& channel);

/// [control] Writes "01 kick.flac" ... (24 bit). Stems that were made from this very session are kept: a second run is
/// instant. Returns the exit code: 0, or 1 with a message on stderr; a stem is written whole or not at all.
int make_stems(const StemsOptions& options);

}  // namespace fohd
