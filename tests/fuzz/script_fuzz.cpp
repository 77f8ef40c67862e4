// Scripts of `fohd render`: what is taken is in order of time, on the engine's grid, and goes through the desk.
#include "daemon/disk/audio_file.h"
#include "daemon/offline/script.h"
#include "engine/tile/geometry.h"
#include "tests/fuzz/fuzz_files.h"

using namespace fohd;
using namespace fohd::fuzz;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Geometry geometry{.inputs = 2, .returns = 2, .buses = 2};
  static const Folder folder;
  Desk desk(geometry);
  try {
    std::int64_t last_frame = -1;
    for (const ScriptStep& step : load_script(folder.write("show.osc", as_text(data, size)), desk.table(), 48'000)) {
      check(step.frame > last_frame && step.frame % kSubBlockFrames == 0);
      last_frame = step.frame;
      std::string error;
      check(desk.apply({}, step.changes, error));
    }
  } catch (const FileError& error) {
    check(*error.what() != '\0');
  }
  check_values(desk);
  return 0;
}
