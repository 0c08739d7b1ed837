#include "textflag.h"

// The panel of kernel_arm64.go. All sums of a tile stay in registers while it is computed; each step of the depth
// multiplies one number of a for each row with the columns of b.

// func panelNEON(tiles, depth int, a, b, c []float32, ldc int, init []float32, ldi int)
//
// Tiles of 8 rows and 8 columns: sums in V0 to V15, columns of b in V16 and V17, numbers of a in V18 to V25.
TEXT ·panelNEON(SB), NOSPLIT, $0-128
	MOVD tiles+0(FP), R0
	MOVD depth+8(FP), R1
	MOVD a_base+16(FP), R2
	MOVD b_base+40(FP), R3
	MOVD c_base+64(FP), R4
	MOVD ldc+88(FP), R5
	LSL  $2, R5, R5
	MOVD init_base+96(FP), R6
	MOVD ldi+120(FP), R7
	LSL  $2, R7, R7

tile:
	MOVD R3, R8
	MOVD R1, R9
	VLD1 (R6), [V0.S4, V1.S4]
	ADD  R7, R6, R6
	VLD1 (R6), [V2.S4, V3.S4]
	ADD  R7, R6, R6
	VLD1 (R6), [V4.S4, V5.S4]
	ADD  R7, R6, R6
	VLD1 (R6), [V6.S4, V7.S4]
	ADD  R7, R6, R6
	VLD1 (R6), [V8.S4, V9.S4]
	ADD  R7, R6, R6
	VLD1 (R6), [V10.S4, V11.S4]
	ADD  R7, R6, R6
	VLD1 (R6), [V12.S4, V13.S4]
	ADD  R7, R6, R6
	VLD1 (R6), [V14.S4, V15.S4]
	ADD  R7, R6, R6
	CBZ  R9, store

step:
	VLD1.P 32(R8), [V16.S4, V17.S4]
	VLD1R.P 4(R2), [V18.S4]
	VLD1R.P 4(R2), [V19.S4]
	VLD1R.P 4(R2), [V20.S4]
	VLD1R.P 4(R2), [V21.S4]
	VLD1R.P 4(R2), [V22.S4]
	VLD1R.P 4(R2), [V23.S4]
	VLD1R.P 4(R2), [V24.S4]
	VLD1R.P 4(R2), [V25.S4]
	VFMLA V16.S4, V18.S4, V0.S4
	VFMLA V17.S4, V18.S4, V1.S4
	VFMLA V16.S4, V19.S4, V2.S4
	VFMLA V17.S4, V19.S4, V3.S4
	VFMLA V16.S4, V20.S4, V4.S4
	VFMLA V17.S4, V20.S4, V5.S4
	VFMLA V16.S4, V21.S4, V6.S4
	VFMLA V17.S4, V21.S4, V7.S4
	VFMLA V16.S4, V22.S4, V8.S4
	VFMLA V17.S4, V22.S4, V9.S4
	VFMLA V16.S4, V23.S4, V10.S4
	VFMLA V17.S4, V23.S4, V11.S4
	VFMLA V16.S4, V24.S4, V12.S4
	VFMLA V17.S4, V24.S4, V13.S4
	VFMLA V16.S4, V25.S4, V14.S4
	VFMLA V17.S4, V25.S4, V15.S4
	SUB  $1, R9, R9
	CBNZ R9, step

store:
	VST1 [V0.S4, V1.S4], (R4)
	ADD  R5, R4, R4
	VST1 [V2.S4, V3.S4], (R4)
	ADD  R5, R4, R4
	VST1 [V4.S4, V5.S4], (R4)
	ADD  R5, R4, R4
	VST1 [V6.S4, V7.S4], (R4)
	ADD  R5, R4, R4
	VST1 [V8.S4, V9.S4], (R4)
	ADD  R5, R4, R4
	VST1 [V10.S4, V11.S4], (R4)
	ADD  R5, R4, R4
	VST1 [V12.S4, V13.S4], (R4)
	ADD  R5, R4, R4
	VST1 [V14.S4, V15.S4], (R4)
	ADD  R5, R4, R4
	SUB  $1, R0, R0
	CBNZ R0, tile
	RET
