package searchstore

// VectorSQL lets tests see the plan of the vector leg.
var VectorSQL = vectorSQL
