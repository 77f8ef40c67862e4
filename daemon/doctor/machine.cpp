#include "daemon/doctor/machine.h"

namespace fohd::doctor {

Machine::Machine() = default;

}  // namespace fohd::doctor
