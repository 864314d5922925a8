# SPDX-License-Identifier: Apache-2.0
"""What passes from hand to hand when one plan follows another, and what people have to look at."""
