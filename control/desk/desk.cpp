#include "control/desk/desk.h"
