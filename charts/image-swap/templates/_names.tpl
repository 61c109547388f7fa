{{/* What the init container expects of names cannot be chosen: the certificate is for imageswap.imageswap-system.svc. */}}
{{- define "image-swap.namespace" -}}imageswap-system{{- end }}

{{- define "image-swap.labels" -}}
app: imageswap
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version | replace "+" "_" }}
{{- end }}

{{- define "image-swap.signer" -}}
{{- if .Values.config.imageSwapConfig.isEKSCluster -}}
beta.eks.amazonaws.com/app-serving
{{- else -}}
kubernetes.io/kubelet-serving
{{- end -}}
{{- end }}
