// The mix as it lies on disk: what a state holds and how it is read back. docs/STATE.md describes the files.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "control/desk/snapshot.h"
#include "engine/tile/geometry.h"

namespace fohd {

/// What was true when a state was written. The start decides between going on and holding by comparing it
/// (docs/DESK.md, "Starting").
struct StateMeta {
  Geometry geometry;
  unsigned geometry_counts = 0;  ///< which counts were told, bits in the order of kCountRows: an older fohd had fewer
  double rate_hz = 0;            ///< 0: not known
  std::string device;            ///< a name for the audio device, as the caller sees it; may be empty
  std::string boot_id;           ///< current_boot_id() of the machine's boot in which it was written
  std::string program_version;   ///< of the fohd that wrote it
  bool clean_exit = false;       ///< this generation was written by an orderly end, not by a running desk
};

struct StoredState {
  bool found = false;                  ///< false: nothing usable, start with the defaults
  std::vector<AddressedValue> values;  ///< sorted by address, one each; known to this desk or not
  StateMeta meta;
  std::string source;  ///< the file that `values` began with
  /// Whole sentences for a person: what was damaged and what was used instead. Empty after a clean load, and when a
  /// folder is empty or missing (the first start).
  std::vector<std::string> warnings;
};

/// [any thread, but not the control loop: it reads the disk] Reads a state file, or of a folder the newest whole
/// generation and every log from it on. Damage, directories in place of files, missing rights: never throws, says so in
/// `warnings` and goes on with what is whole.
StoredState load_state(const std::string& path);

/// [any] The kernel's name for this boot of the machine; empty where there is none (then every start is a cold one).
std::string current_boot_id();

}  // namespace fohd
