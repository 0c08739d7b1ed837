#include "textflag.h"

// The tile of kernel_arm64.go. All sums of a tile stay in registers; each step multiplies one number of a for each row
// with the columns of b.

// func tileNEON(depth int, a, b, c []float32, ldc int, init []float32, ldi int)
//
// 8 rows of 8 columns: sums in V0 to V15, columns of b in V16 and V17, numbers of a in V18 to V25.
TEXT ·tileNEON(SB), NOSPLIT, $0-120
	MOVD depth+0(FP), R0
	MOVD a_base+8(FP), R1
	MOVD b_base+32(FP), R2
	MOVD init_base+88(FP), R3
	MOVD ldi+112(FP), R4
	LSL  $2, R4, R4
	VLD1 (R3), [V0.S4, V1.S4]
	ADD  R4, R3, R3
	VLD1 (R3), [V2.S4, V3.S4]
	ADD  R4, R3, R3
	VLD1 (R3), [V4.S4, V5.S4]
	ADD  R4, R3, R3
	VLD1 (R3), [V6.S4, V7.S4]
	ADD  R4, R3, R3
	VLD1 (R3), [V8.S4, V9.S4]
	ADD  R4, R3, R3
	VLD1 (R3), [V10.S4, V11.S4]
	ADD  R4, R3, R3
	VLD1 (R3), [V12.S4, V13.S4]
	ADD  R4, R3, R3
	VLD1 (R3), [V14.S4, V15.S4]
	CBZ  R0, store

step:
	VLD1.P 32(R2), [V16.S4, V17.S4]
	VLD1R.P 4(R1), [V18.S4]
	VLD1R.P 4(R1), [V19.S4]
	VLD1R.P 4(R1), [V20.S4]
	VLD1R.P 4(R1), [V21.S4]
	VLD1R.P 4(R1), [V22.S4]
	VLD1R.P 4(R1), [V23.S4]
	VLD1R.P 4(R1), [V24.S4]
	VLD1R.P 4(R1), [V25.S4]
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
	SUB  $1, R0, R0
	CBNZ R0, step

store:
	MOVD c_base+56(FP), R3
	MOVD ldc+80(FP), R4
	LSL  $2, R4, R4
	VST1 [V0.S4, V1.S4], (R3)
	ADD  R4, R3, R3
	VST1 [V2.S4, V3.S4], (R3)
	ADD  R4, R3, R3
	VST1 [V4.S4, V5.S4], (R3)
	ADD  R4, R3, R3
	VST1 [V6.S4, V7.S4], (R3)
	ADD  R4, R3, R3
	VST1 [V8.S4, V9.S4], (R3)
	ADD  R4, R3, R3
	VST1 [V10.S4, V11.S4], (R3)
	ADD  R4, R3, R3
	VST1 [V12.S4, V13.S4], (R3)
	ADD  R4, R3, R3
	VST1 [V14.S4, V15.S4], (R3)
	RET
