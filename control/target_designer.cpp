#include "control/target_designer.h"
